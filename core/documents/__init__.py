"""Step 1: documents → pages → chunks → rag.db, and what is told about them."""
