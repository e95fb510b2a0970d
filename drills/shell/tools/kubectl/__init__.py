"""kubectl on the World's cluster, with the words, the columns and the exit codes of the real one.

`command` splits the line and dispatches; `view` is the cluster as the API shows it; one module for each
family of verbs.
"""
