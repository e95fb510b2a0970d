"""The programs of the simulated firm: kubectl, curl, docker, psql and their like, on the World's own models."""
