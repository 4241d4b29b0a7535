"""Statistics over scores: ranks and means of whole boards."""
