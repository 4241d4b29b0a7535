"""Running within a budget of time, characters or money: the most telling tasks first."""
