"""Screenshots of the page of `graflow ui`, for the documentation."""
