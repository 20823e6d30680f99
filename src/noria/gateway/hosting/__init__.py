"""The processes of the versions: started, called, watched, replaced; one for each version."""
