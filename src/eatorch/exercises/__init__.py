"""The hidden checks of the exercises: one module per lesson, loaded on first use."""
