"""The suite on the faces for event loops: channels for threads whose every call is awaited."""
