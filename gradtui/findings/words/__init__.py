"""What findings say: the only place with words for causes; facts are put in here."""
