"""Choose fewer tasks or examples, and say what they tell about all of them."""
