"""From tracks to events and reviews, and where they are stored."""
