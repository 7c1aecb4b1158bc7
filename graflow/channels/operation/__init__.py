"""Operations: from arguments to results, without any I/O."""
