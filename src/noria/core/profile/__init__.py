"""What a stretch of traffic looked like: counts by column, which add up, so that no check reads rows."""
