"""One question a file: `detect(record)` gives what it finds as causes, without a word. Whatever stands here is asked."""
