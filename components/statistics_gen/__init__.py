"""What every split holds, column by column, as TensorFlow Data Validation counts it."""
