"""The work itself: projects, jobs and the stages from documents to a finished model. Knows no UI."""
