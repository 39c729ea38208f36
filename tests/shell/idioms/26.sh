trap 'echo caught' ERR; false; (false); f() { return 2; }; f; trap - ERR; false; echo end
