"""HTTP in the simulated firm: who answers at a host, how the path to it is, and curl, wget and http."""
