"""What a run would take: texts, characters, seconds and money, by a probe of each model."""
