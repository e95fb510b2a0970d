"""What `make bench` measures: one ratio each, taken within one run on one machine."""
