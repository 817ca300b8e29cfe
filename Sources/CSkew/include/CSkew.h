// Nothing is called from here: the library is loaded before a program's own (LD_PRELOAD).
