"""One-to-many: networks that write texts and melodies step by step."""
