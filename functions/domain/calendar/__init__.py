"""Calendar: durations, intervals and recurrences, on the clocks and calendars of zones."""
