"""Base models from elsewhere: where they lie on this machine, and how they become folders that can be trained."""
