"""Result files: what was measured, written whole or not at all, reused only when identical."""
