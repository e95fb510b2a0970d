"""Programs in processes of their own, in lock-step with the World: any interpreter, shells, any language."""
