"""What each page answers; a module has one page, or a few that belong together, and says so as its PAGE."""
