/* Junctor connector ABI v1: the manifest as an ELF note, which the host reads before it runs any
 * code of the library. JN_MANIFEST_NOTE("manifest.json"), once per library, in a C or C++ source;
 * the assembler looks for the file in the working directory and the include path.
 * junctor_add_connector() does this by itself. */
#ifndef JUNCTOR_NOTE_H
#define JUNCTOR_NOTE_H

#define JN_MANIFEST_NOTE(file)                      \
  __asm__(                                          \
      ".pushsection .note.junctor,\"a\",%note\n"    \
      ".balign 4\n"                                 \
      ".long 8\n" /* bytes of the owner's name */   \
      ".long 2f - 1f\n"                             \
      ".long 0x4A4E0001\n" /* the type: manifest */ \
      ".asciz \"Junctor\"\n"                        \
      "1:\n"                                        \
      ".incbin \"" file                             \
      "\"\n"                                        \
      "2:\n"                                        \
      ".balign 4\n"                                 \
      ".popsection\n")

#endif
