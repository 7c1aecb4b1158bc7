"""The codec: values to bytes and back, without loss."""
