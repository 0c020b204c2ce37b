// What an outbound message needs of XML: elements by local name with their text, one pass, no
// documents of types, no external anything. Throws jnc::Failure for what is not well-formed.
#ifndef SALESFORCE_SOAP_H
#define SALESFORCE_SOAP_H

#include <junctor/call.hpp>
#include <string>
#include <vector>

namespace salesforce {

struct Element {
  std::string name;  // local
  std::string type;  // of xsi:type, local
  std::string text;
  bool nil = false;
  std::vector<Element> children;

  // The first child of that name; none: an empty element.
  const Element& operator[](jnc::Text child) const;
};

Element parseXml(jnc::Text text);

}  // namespace salesforce

#endif
