"""What the cells of a column mean, whatever program, unit or format wrote them."""
