"""Who may do what with which information: Cedar policies in readable files, and what they need to be asked."""
