printf '%b\n' 'a\0101b' 'a\cb' c
