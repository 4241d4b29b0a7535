"""What follows from the records of examples: intervals of scores."""
