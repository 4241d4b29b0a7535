"""Choose fewer tasks or examples, and say what they tell about all of them."""

DEFAULT_METHOD = "gaussian"
METHOD_NAMES = ("gaussian", "elimination", "random", "cheapest")
