"""专家评审: experts score needs before publication and responses before the shortlist."""
