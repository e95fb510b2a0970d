"""A risk add-on as a vendor might ship it: threads, a REST client, a state folder, nothing of Firedrill's."""
