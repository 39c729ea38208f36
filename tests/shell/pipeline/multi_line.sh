echo abc |
  tr a x |

  tr b y
true &&
  echo and ||
  echo or
