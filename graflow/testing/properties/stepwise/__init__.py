"""Operations that are held up at each step, while others look at the channel, or change it."""
