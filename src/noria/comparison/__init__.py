"""Two versions held beside each other: quality, slices, answers, importance, speed and size."""
