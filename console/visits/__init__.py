"""To whose door the survey is due."""
