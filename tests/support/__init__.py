"""What tests of several rooms share: drivers, fakes, recorded files and processes."""
