"""What operators are told: four-letter words, mntr, metrics."""
