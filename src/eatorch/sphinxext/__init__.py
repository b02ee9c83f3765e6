"""What the site needs beyond settings: one file, one job."""
