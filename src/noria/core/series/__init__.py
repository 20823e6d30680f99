"""A number for each day, held against the days before: how unlikely is it that nothing happened?"""
