"""Records of runs: how they are stored, compared, plotted and told."""
