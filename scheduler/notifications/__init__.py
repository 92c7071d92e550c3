"""Match saved searches, write messages and deliver them."""
