"""What certificates say, as Java reads it: subjects, alternative names; bytes in, text out."""
