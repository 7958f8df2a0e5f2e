"""Updates in reports, and the script that makes them again. Nothing is trained here."""
