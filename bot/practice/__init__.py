"""The wrong-answer book: what somebody answered wrong comes back, at his own pace and for his eyes only."""
